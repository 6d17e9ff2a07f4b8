"""Transform: TFT's analysis of a preprocessing function, in this process where that is faster."""
