"""The scripted provider, and what the openai library makes of all that it does.

Each test asks through the synchronous and the asynchronous client; where a test uses
``create`` and ``parse`` alike, the library treats them alike.
"""
