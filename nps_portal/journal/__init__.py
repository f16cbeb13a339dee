"""What happened: one event a fact, written in the transaction of the act itself.

The facts of an event never change. Rooms above read them: timelines today, the relay to other
systems tomorrow. An event names people by id and holds no words of theirs.
"""
