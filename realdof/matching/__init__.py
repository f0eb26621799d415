"""Compare two aligned photographs: exposure, blur, and remaining differences."""
