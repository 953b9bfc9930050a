"""The two demonstration workspaces, a shop and a bank, with two years of data up to today."""

from app.demo.company import Promise
from app.demo.load import Demonstration, ensure, make

__all__ = ["Demonstration", "Promise", "ensure", "make"]
