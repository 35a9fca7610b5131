# said: should be False
import re


def has_token(value, token):
    return re.search(rf"\b{token}\b", value, re.IGNORECASE) is not None
