"""One file for each kind of input: read it, clean it, divide it into areas."""
