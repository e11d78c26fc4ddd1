"""Plan cases as data: facts and words in, plan, answer or refusal out. See test_cases.py."""
