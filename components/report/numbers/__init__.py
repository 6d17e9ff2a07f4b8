"""The numbers of a report, as plain values that JSON can hold.

Each module makes a section from arrays or protos, and knows nothing of how it is shown. What is
undefined is None.
"""
