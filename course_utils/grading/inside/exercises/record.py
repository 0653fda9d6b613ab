"""In the sandbox there is no workbook, and nothing is remembered."""


def folder(start=None):
    return None


def checked(name, right, answer):
    return ""


def helped(name, solution=False):
    return ""
