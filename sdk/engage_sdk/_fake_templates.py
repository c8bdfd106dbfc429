"""Program templates in `FakeEngage`: versions, companies that follow one, and the host's updates of it.

It does not check the programs in them. Those written as YAML it reads where PyYAML is installed.
Companies choose by JSON pointer, and a place counts as open as in the service; an order of rules cannot be chosen.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from ._fake_answers import Json, ok, page, problem
from ._fake_yaml import read_yaml
from ._message import rfc3339

_MISSING: Final = object()


class Drafts:
    """The programs that companies edit. Nothing is ever published here."""

    def __init__(self) -> None:
        self._programs: dict[str, Json] = {}

    def program(self, company: str) -> Json:
        return self._programs.setdefault(company, {})

    def save(self, company: str, program: Json, actor: str | None) -> httpx.Response:
        self._programs[company] = program
        return self.saved(company, actor)

    def saved(self, company: str, actor: str | None) -> httpx.Response:
        document = json.dumps(self.program(company), ensure_ascii=False, indent=2)
        at = rfc3339(datetime.now(UTC))
        return ok({"document": document, "actor": actor or "key fake", "updated_at": at, "changed": True})


class Templates:
    """Of all companies."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        self._versions: dict[str, list[Json]] = {}
        self._followed: dict[str, Json] = {}
        """Company -> the template, its version, the choices made, and which version was declined."""

    def answer(
        self, request: httpx.Request, path: list[str], query: Mapping[str, str]
    ) -> httpx.Response | None:
        """None for what is nothing of this."""
        match request.method, path:
            case "GET", []:
                newest = [versions[-1] for _, versions in sorted(self._versions.items())]
                asked = {key: query[key] for key in ("industry", "scene") if key in query}
                return page([_summary(one) for one in newest if asked.items() <= one.items()], query)
            case "PUT", [id]:
                return self._publish(id, request.content, query.get("actor", "key fake"))
            case "GET", [id, "versions"]:
                return page([_summary(one) for one in self._versions.get(id, [])[::-1]], query)
            case "GET", [id]:
                found = self._version(id, query.get("version"))
                return _no_version(id) if found is None else ok(found)
        return None

    def _version(self, id: str, version: str | int | None) -> Json | None:
        versions = self._versions.get(id, [])
        number = len(versions) if version is None else int(version)
        return versions[number - 1] if 0 < number <= len(versions) else None

    def _publish(self, id: str, document: bytes, actor: str) -> httpx.Response:
        try:
            said = _read(document)
        except ImportError:
            return problem(
                501, "not_simulated", "FakeEngage reads YAML where PyYAML is installed; or publish a dict"
            )
        except ValueError as error:
            return problem(422, "invalid", f"the template cannot be read: {error}")
        if not isinstance(said, dict):
            return problem(422, "invalid", "the template must be a mapping (key: value)")
        missing = [key for key in ("id", "name", "program") if key not in said]
        if missing:
            return problem(422, "invalid", f"the template has no {missing[0]}")
        if said["id"] != id:
            words = f"the template's id is {said['id']!r}, not that of the address"
            return problem(400, "invalid_request", words)
        versions = self._versions.setdefault(id, [])
        hash = hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16).hexdigest()
        unchanged = bool(versions) and versions[-1]["hash"] == hash
        if not unchanged:
            about = {key: said.get(key) for key in ("name", "industry", "scene", "description", "program")}
            version = {"id": id, **about, "open": said.get("open", []), "version": len(versions) + 1}
            at = rfc3339(datetime.now(UTC))
            text = document.decode()
            versions.append({**version, "hash": hash, "actor": actor, "published_at": at, "document": text})
        return ok({"version": len(versions), "hash": hash, "unchanged": unchanged})

    # --- the company that follows one ---

    def of_company(
        self, request: httpx.Request, company: str, path: list[str], query: Mapping[str, str]
    ) -> httpx.Response | None:
        body = json.loads(request.content) if request.content else {}
        found = self._followed.get(company)
        if (request.method, path) == ("PUT", []):
            return self._start(company, body)
        if found is None:
            return problem(404, "not_found", f"{company} follows no template")
        match request.method, path:
            case "GET", []:
                return ok(self._told(found))
            case "DELETE", []:
                del self._followed[company]
                return ok({"company": company})
            case "GET", ["proposal"]:
                if found["version"] == len(self._versions[found["template"]]):
                    return problem(404, "not_found", f"{company} follows the newest version")
                take = query["take"].split(",") if query.get("take") else []
                return _untaken(found, take) or ok(self._proposal(company, found, take)[0])
            case "POST", ["proposal", "accept" | "decline" as answer]:
                return self._answer(company, found, answer, body)
        return None

    def _start(self, company: str, body: Json) -> httpx.Response:
        version = self._version(body["template"], body.get("version"))
        if version is None:
            return _no_version(body["template"])
        choices = body.get("overrides", {})
        closed = [pointer for pointer in choices if not _open(version, pointer)]
        program = copy.deepcopy(version["program"])
        lost = [pointer for pointer in choices if not closed and not _say(program, pointer, choices[pointer])]
        if closed or lost:
            words = "the template does not leave this open" if closed else "there is no such place"
            return problem(422, "invalid", f"{(closed or lost)[0]}: {words}")
        names = {"template": body["template"], "version": version["version"]}
        self._followed[company] = {**names, "choices": dict(choices), "declined": 0}
        return self._drafts.save(company, program, body.get("actor"))

    def _told(self, found: Json) -> Json:
        version = self._version(found["template"], found["version"])
        assert version is not None
        newest = len(self._versions[found["template"]])
        overrides = [
            {"pointer": pointer, "kind": "removed" if value is None else "set", "value": value}
            for pointer, value in found["choices"].items()
        ]
        return {
            "template": found["template"],
            "version": found["version"],
            "newest": newest,
            "proposed": newest > max(found["version"], found["declined"]),
            "open": version["open"],
            "overrides": overrides,
        }

    def _proposal(self, company: str, found: Json, take: Collection[str]) -> tuple[Json, Json]:
        """The proposal and the program it makes, by what the company chose and the newest version."""
        base = self._version(found["template"], found["version"])
        newest = self._version(found["template"], None)
        assert base is not None
        assert newest is not None
        program, conflicts = copy.deepcopy(newest["program"]), []
        kept: Json = {}
        for pointer, value in found["choices"].items():
            before, after = _at(base["program"], pointer), _at(newest["program"], pointer)
            why = "both" if before is not _MISSING and before != after else ""
            why = why if _open(newest, pointer) else "closed"
            theirs = pointer in take or why == "closed"
            if not theirs and not _say(program, pointer, value):
                why, theirs = "gone", True
            if why and pointer not in take:
                said = {"pointer": pointer, "why": why, "kept": "template" if theirs else "company"}
                conflicts.append({**said, "text": f"{pointer}: kept as the {said['kept']} says"})
            if not theirs:
                kept[pointer] = value
        changes: list[Json] = []
        _compare(self._drafts.program(company), program, "", changes)
        document = json.dumps(program, ensure_ascii=False, indent=2)
        numbers = {"version": found["version"], "proposed": newest["version"]}
        about = {"template": found["template"], **numbers}
        about["declined"] = newest["version"] <= found["declined"]
        told = {**about, "document": document, "changes": changes, "conflicts": conflicts, "problems": []}
        return told, {"program": program, "choices": kept}

    def _answer(self, company: str, found: Json, answer: str, body: Json) -> httpx.Response:
        newest = len(self._versions[found["template"]])
        if not found["version"] < newest == body["version"]:
            return problem(409, "conflict", f"version {body['version']} is not what is proposed")
        if answer == "decline":
            found["declined"] = newest
            return ok(self._told(found))
        take = body.get("take", [])
        if (refused := _untaken(found, take)) is not None:
            return refused
        made = self._proposal(company, found, take)[1]
        found |= {"version": newest, "choices": made["choices"]}
        return self._drafts.save(company, made["program"], body.get("actor"))


def _untaken(found: Json, take: Collection[str]) -> httpx.Response | None:
    """The refusal of a place where the company says nothing of its own."""
    for where in take:
        if not any(pointer == where or pointer.startswith(f"{where}/") for pointer in found["choices"]):
            words = f"take: the company says nothing of its own at {where}"
            return problem(400, "invalid_request", words)
    return None


def _no_version(id: str) -> httpx.Response:
    return problem(404, "not_found", f"there is no such version of a template {id}")


def _summary(version: Json) -> Json:
    return {key: value for key, value in version.items() if key not in ("document", "program")}


def _names(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _open(version: Json, pointer: str) -> bool:
    path = _names(pointer)
    return any(
        len(parts) <= len(path) and all(part in ("*", name) for part, name in zip(parts, path, strict=False))
        for parts in map(_names, version["open"])
    )


def _step(value: Any, name: str) -> Any:
    """The place of a name in a list whose items have ids, or the name itself in an object; `_MISSING` without one."""
    if isinstance(value, list):
        found = [at for at, item in enumerate(value) if isinstance(item, dict) and item.get("id") == name]
        return found[0] if found else _MISSING
    return name if isinstance(value, dict) and name in value else _MISSING


def _at(value: Any, pointer: str) -> Any:
    for name in _names(pointer):
        place = _step(value, name)
        if place is _MISSING:
            return _MISSING
        value = value[place]
    return value


def _say(program: Json, pointer: str, value: Any) -> bool:
    """Say something else at a place, None to leave it out; False when there is no such place."""
    above, _, _ = pointer.rpartition("/")
    owner, name = _at(program, above), _names(pointer)[-1] if pointer else ""
    if not isinstance(owner, dict | list):
        return False
    place = _step(owner, name)
    if value is None:
        if place is _MISSING:
            return False
        del owner[place]
    elif place is not _MISSING:
        owner[place] = value
    elif isinstance(owner, dict):
        owner[name] = value
    else:
        owner.append(value)
    return True


def _compare(before: Any, after: Any, pointer: str, found: list[Json]) -> None:
    if before == after:
        return
    before, after = _by_id(before), _by_id(after)
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            escaped = name.replace("~", "~0").replace("/", "~1")
            _compare(before.get(name, _MISSING), after.get(name, _MISSING), f"{pointer}/{escaped}", found)
        return
    old, new = (None if one is _MISSING else json.dumps(one) for one in (before, after))
    kind = "added" if old is None else "removed" if new is None else "changed"
    words = f"{pointer} {kind}" if kind != "changed" else f"{pointer} changed from {old} to {new}"
    found.append({"kind": kind, "pointer": pointer, "old": old, "new": new, "text": words})


def _read(document: bytes) -> Any:
    """JSON, or YAML, which may begin like it. Raises ImportError for YAML without PyYAML, and ValueError."""
    try:
        return json.loads(document)
    except ValueError:
        return read_yaml(document)


def _by_id(value: Any) -> Any:
    """A list whose items have ids, as an object of these."""
    if not isinstance(value, list) or not all(isinstance(item, dict) and "id" in item for item in value):
        return value
    return {item["id"]: item for item in value}
