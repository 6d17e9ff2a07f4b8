"""Pusher: a blessed model to a versioned directory, in one piece or not at all."""
