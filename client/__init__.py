"""The Python client, and the ``vstep-grading`` command on top of it.

``GradingClient`` makes calls and repeats those that met a passing fault;
``GradingClient.watch`` follows a job, ``GradingClient.follow`` all of them; both open
their streams again by themselves.
"""
