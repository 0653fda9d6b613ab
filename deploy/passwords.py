"""Who may log in to the hub: names that were handed out, with the code that went with them, or a password of their own.

Each name in students.txt gets a code when the hub starts; codes.txt, which only root can read, has them to hand out.
A code is the first password. At /hub/auth/change-password it can be replaced by another one. A name whose code nobody
was given cannot be taken by whoever comes first, and guessing is slow: after three wrong passwords for a name the next
one is looked at only after a while. A name that nobody has gets the same answers, as late.
"""

import dbm
import secrets
import time

import bcrypt
from firstuseauthenticator import FirstUseAuthenticator

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is easily taken for another one
FREE, LONGEST = 3, 60  # wrong passwords that cost nothing; seconds until one more is looked at, at most
MOST_NAMES = 10_000  # whose wrong passwords are counted; then the one not tried for longest is forgotten
NOBODYS = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt())  # what a name that nobody has is compared with
TOO_EASY = "Please choose a password of at least {least} characters, with at least 5 different ones, without your name."


def new_code():
    """Three groups of four letters and digits, 59 bits: nobody guesses one."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def hand_out(names, passwords, codes):
    """Give each name without a password a code: its hash into the database `passwords`, itself into the file `codes`.

    names: those of students.txt. Names that have left it lose their line in `codes`, and keep their password.
    """
    lines = codes.read_text(encoding="utf-8").splitlines() if codes.is_file() else []
    known = dict(line.split() for line in lines if len(line.split()) == 2)
    with dbm.open(str(passwords), "c", 0o600) as stored:
        for name in sorted(names):
            if name.encode() not in stored:
                known[name] = new_code()
                stored[name] = bcrypt.hashpw(known[name].encode(), bcrypt.gensalt())
    codes.touch(mode=0o600)
    codes.write_text("".join(f"{name} {known[name]}\n" for name in sorted(names) if name in known), encoding="utf-8")


class CodeAuthenticator(FirstUseAuthenticator):
    """As FirstUseAuthenticator, but a name without a password is refused, and wrong passwords cost time."""

    def __init__(self, **options):
        super().__init__(**options)
        self._wrong = {}  # name: (wrong passwords in a row, when the last one came)

    async def authenticate(self, handler, data):
        name = self.normalize_username(data["username"])
        wait = self._seconds_to_wait(name)
        if wait > 0:
            handler.custom_login_error = f"Too many wrong passwords. Try again in {wait:.0f} seconds."
            return None
        fits = self._fits(name, data["password"])
        times, _ = self._wrong.pop(name, (0, 0))
        if fits:
            return name
        self._wrong[name] = (times + 1, time.monotonic())
        if len(self._wrong) > MOST_NAMES:  # what is kept does not grow with names that somebody invents
            del self._wrong[next(iter(self._wrong))]
        return None

    def reset_password(self, username, new_password):
        """As the page /hub/auth/change-password asks; a password that is too easy is refused."""
        easy = len(new_password) < self.min_password_length or len(set(new_password)) < 5
        if easy or username in new_password.lower():
            return TOO_EASY.format(least=self.min_password_length)
        return super().reset_password(username, new_password)

    def _fits(self, name, password):
        """Whether this is the password of a name. A hash is computed for every name, so the time taken tells nobody
        which names there are."""
        with dbm.open(self.dbm_path, "c", 0o600) as stored:
            kept = stored.get(name.encode(), NOBODYS)
        return bcrypt.checkpw(password.encode(), kept) and self._user_exists(name)

    def _seconds_to_wait(self, name):
        times, last = self._wrong.get(name, (0, 0))
        pause = min(LONGEST, 2 ** (times - FREE)) if times >= FREE else 0
        return last + pause - time.monotonic()
