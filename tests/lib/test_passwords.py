from __future__ import annotations

import sys

import pytest

from cherrypy.lib import passwords
from cherrypy.lib.passwords import (
    MalformedHash,
    PasswordChecker,
    check_password,
    checkpassword_hashes,
    equal_secrets,
    hash_password,
    needs_rehash,
)

CHEAP = passwords._Scrypt(4, 8, 1)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not spend seconds on what is expensive on purpose."""
    monkeypatch.setattr(passwords, "_COST", CHEAP)


class TestHashes:
    def test_fit_their_password_only(self) -> None:
        stored = hash_password("correct horse")
        assert check_password("correct horse", stored)
        assert not check_password("correct house", stored)
        assert not check_password("", stored)

    def test_are_salted(self) -> None:
        assert hash_password("x") != hash_password("x")

    def test_say_how_they_were_made(self) -> None:
        assert hash_password("x").startswith("$scrypt$ln=4,r=8,p=1$")

    def test_cost_what_is_recommended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()
        assert passwords._COST == (15, 8, 3)
        stored = hash_password("x")
        assert stored.startswith("$scrypt$ln=15,r=8,p=3$")
        assert check_password("x", stored)

    @pytest.mark.parametrize(
        ("password", "stored"),
        [
            # RFC 7914 §12, the second and the third vector.
            (
                "password",
                "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3"
                "MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
            ),
            (
                "pleaseletmein",
                "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
                "2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
            ),
        ],
    )
    def test_are_those_of_the_rfc(self, password: str, stored: str) -> None:
        assert check_password(password, stored)

    def test_do_not_depend_on_how_a_letter_is_composed(self) -> None:
        assert check_password("caf\u00e9", hash_password("cafe\u0301"))

    @pytest.mark.parametrize("password", ["", "\x00", "\ud800", "x" * 100_000, "😀"])
    def test_take_any_text(self, password: str) -> None:
        assert check_password(password, hash_password(password))

    @pytest.mark.parametrize(
        "stored",
        [
            *("", "secret", "$scrypt$", "$1$abc$def", "$scrypt$ln=4,r=8,p=1$AAAA"),
            "$scrypt$ln=4,r=8,p=1$AAAA$" + "A" * 20,
            "$scrypt$ln=4,r=8$AAAA$" + "A" * 43,
            "$scrypt$ln=x,r=8,p=1$AAAA$" + "A" * 43,
            "$scrypt$ln=0,r=8,p=1$AAAA$" + "A" * 43,
            "$scrypt$ln=40,r=8,p=1$AAAA$" + "A" * 43,
            "$scrypt$ln=4,r=-8,p=1$AAAA$" + "A" * 43,
            "$scrypt$ln=4,r=8,p=1,q=2$AAAA$" + "A" * 43,
            "$scrypt$ln=4,r=8,p=1$A*AA$" + "A" * 43,
            "$scrypt$ln=4,r=8,p=1$A\xe9AA$" + "A" * 43,
            "$bcrypt$ln=4,r=8,p=1$AAAA$" + "A" * 43,
            "x$scrypt$ln=4,r=8,p=1$AAAA$" + "A" * 43,
        ],
    )
    def test_that_are_none_are_a_clear_error(self, stored: str) -> None:
        for ask in (check_password, lambda _, hashed: needs_rehash(hashed)):
            with pytest.raises(MalformedHash, match="hash_password"):
                ask("x", stored)

    def test_are_not_told_in_errors(self) -> None:
        with pytest.raises(MalformedHash) as raised:
            check_password("x", "$2b$12$verysecrethash")
        assert "secret" not in str(raised.value)

    def test_tell_when_they_are_out_of_date(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stored = hash_password("x")
        assert not needs_rehash(stored)
        assert needs_rehash(stored, scheme="argon2")
        monkeypatch.setattr(passwords, "_COST", passwords._Scrypt(5, 8, 1))
        assert needs_rehash(stored)
        assert check_password("x", stored)


class TestArgon2:
    def test_is_another_way(self) -> None:
        stored = hash_password("x", scheme="argon2")
        assert stored.startswith("$argon2id$")
        assert check_password("x", stored)
        assert not check_password("y", stored)
        assert not needs_rehash(stored, scheme="argon2")
        assert needs_rehash(stored)

    def test_wants_hashes_of_its_own(self) -> None:
        for stored in ("$argon2id$", "$argon2id$v=19$m=1,t=1$AAAA"):
            with pytest.raises(MalformedHash):
                check_password("x", stored)
            with pytest.raises(MalformedHash):
                needs_rehash(stored, scheme="argon2")

    def test_is_an_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "argon2", None)
        with pytest.raises(ImportError, match=r"pip install morello\[argon2\]"):
            hash_password("x", scheme="argon2")


class TestChecker:
    def test_knows_its_users(self) -> None:
        check = checkpassword_hashes({"alice": hash_password("secret")})
        assert check("realm", "alice", "secret")
        assert not check("realm", "alice", "wrong")
        assert not check("realm", "bob", "secret")
        assert not check("realm", "", "")

    def test_refuses_what_is_no_hash_at_once(self) -> None:
        with pytest.raises(MalformedHash):
            checkpassword_hashes({"alice": "secret"})

    def test_hashes_a_right_password_only_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = count_checks(monkeypatch)
        check = checkpassword_hashes({"alice": hash_password("secret")})
        for _ in range(3):
            assert check("realm", "alice", "secret")
        assert asked == ["secret"]
        for _ in range(3):
            assert not check("realm", "alice", "wrong")
        assert asked == ["secret", "wrong", "wrong", "wrong"]

    def test_notices_a_new_password_at_once(self) -> None:
        users = {"alice": hash_password("secret")}
        check = checkpassword_hashes(users)
        assert check("realm", "alice", "secret")
        users["alice"] = hash_password("another")
        assert not check("realm", "alice", "secret")
        assert check("realm", "alice", "another")
        del users["alice"]
        assert not check("realm", "alice", "another")

    def test_need_not_remember(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = count_checks(monkeypatch)
        users = {"alice": hash_password("secret")}
        check = checkpassword_hashes(users, remember_seconds=0)
        assert check("realm", "alice", "secret")
        assert check("realm", "alice", "secret")
        assert asked == ["secret", "secret"]

    def test_forgets_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = count_checks(monkeypatch)
        now = [1000.0]
        monkeypatch.setattr(passwords, "monotonic", lambda: now[0])
        check = checkpassword_hashes({"alice": hash_password("secret")})
        check("realm", "alice", "secret")
        now[0] += 299
        check("realm", "alice", "secret")
        assert len(asked) == 1
        now[0] += 2
        check("realm", "alice", "secret")
        assert len(asked) == 2

    def test_remembers_a_bounded_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(passwords, "_REMEMBERED", 2)
        users = {name: hash_password(name) for name in "abc"}
        check = PasswordChecker(users)
        for name in "abc":
            assert check("realm", name, name)
        assert len(check._right) == 2

    def test_takes_as_long_for_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = count_checks(monkeypatch)
        check = checkpassword_hashes({})
        assert not check("realm", "nobody", "secret")
        assert not check("realm", "nobody", "secret")
        assert asked == ["secret", "secret"]

    def test_takes_as_long_for_nobody_by_argon2(self) -> None:
        check = checkpassword_hashes({}, scheme="argon2")
        assert isinstance(check, PasswordChecker)
        assert check._nobody.startswith("$argon2")
        assert not check("realm", "nobody", "secret")

    def test_is_not_fooled_by_where_one_ends(self) -> None:
        check = checkpassword_hashes({"ab": hash_password("c"), "a": "$argon2id$"})
        assert check("realm", "ab", "c")
        with pytest.raises(MalformedHash):
            check("realm", "a", "bc")


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each password that is hashed to be checked."""
    asked: list[str] = []
    original = check_password

    def noting(password: str, hashed: str) -> bool:
        asked.append(password)
        return original(password, hashed)

    monkeypatch.setattr(passwords, "check_password", noting)
    return asked


def test_secrets_are_compared_by_what_they_are() -> None:
    assert equal_secrets("a", "a")
    assert equal_secrets("a", b"a")
    assert not equal_secrets("a", "b")
    assert not equal_secrets("a", "aa")
    assert equal_secrets("\u00e9", "e\u0301")
