"""selfdebug: a language model writes code, a sandbox runs it, and what happened goes back until the tests pass.

`selfdebug.driver.solve` solves one problem, `selfdebug.loop` is the state machine behind it.
"""
