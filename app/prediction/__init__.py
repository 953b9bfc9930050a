"""Models of customers' behaviour: functions of values, in plain Python, which know neither tables nor workspaces."""
