"""The REST interface. `app.create_app` makes it; nothing here works on jobs, and nothing here blocks the event loop."""
