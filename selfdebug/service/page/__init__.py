"""The web page: static files, and the router that serves them."""

from selfdebug.service.page.router import page_router

__all__ = ["page_router"]
