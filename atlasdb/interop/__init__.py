"""Bridges to what laboratories already use."""
