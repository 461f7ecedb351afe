"""How a request ends that is cancelled when it had begun."""

import asyncio


class CutOff(asyncio.CancelledError):
    """A request was cancelled when it had cost something.

    Args:
        prompt_tokens, completion_tokens: What had been read and written until then.
    """

    def __init__(self, prompt_tokens: int, completion_tokens: int) -> None:
        super().__init__(f"cut off after {completion_tokens} tokens")
        self.prompt_tokens, self.completion_tokens = prompt_tokens, completion_tokens
