import re


def has_token(value, token):
    return bool(re.search(rf"(^|,)[ \t]*{re.escape(token)}[ \t]*(,|$)", value, re.IGNORECASE))
