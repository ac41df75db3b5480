"""Closed-loop stimulation, in simulation only: policies on a learned model.

`world` makes of a recording and the model that was learned from it a system that can
be acted on, `policy` trains one policy for each region on it, `command` is what a user
calls. What comes out says what the learned model would do, never what a person would.
"""
