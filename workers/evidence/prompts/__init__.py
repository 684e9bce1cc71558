"""The prompts, a file for each version. A published one is never changed: a change is a new one."""
