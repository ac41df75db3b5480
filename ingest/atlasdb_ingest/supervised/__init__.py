"""Telling groups of people, or conditions, apart, with a plain baseline beside it."""
