"""The environment layer: the objects that stand around every request.

They are made and joined in `site`; the other modules say what they are.
"""
