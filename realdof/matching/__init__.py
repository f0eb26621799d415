"""What differs between two aligned photographs: exposure, blur, what is left."""
