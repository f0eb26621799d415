"""What every web page of the toolkit looks like: one style sheet, light, dark, on a phone and on paper."""
