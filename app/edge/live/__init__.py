"""Answers that go on: subscriptions, their streams, and the transports that carry them."""
