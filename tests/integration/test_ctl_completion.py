"""Completion in the three shells, held against the program's own list of commands; and the manual."""
import os
import re
import shutil
import subprocess

import pytest

from ward.ctl import CTL, Terminal, ctl
from ward.daemon import ROOT

FILES = {shell: os.path.join(ROOT, "completion", name) for shell, name in
         (("bash", "wardgatectl.bash"), ("zsh", "_wardgatectl"), ("fish", "wardgatectl.fish"))}


def verbs():
    """{verb: set of its options}, from --help."""
    status, out, _ = ctl("--help")
    assert status == 0
    found = {}
    for m in re.finditer(r"^  ([a-z][a-z0-9-]*)\b(.*)$", out, re.M):
        found[m.group(1)] = set(re.findall(r"--[a-z0-9-]+", m.group(2)))
    assert len(found) > 10 and max(map(len, out.splitlines())) <= 80
    return found


def shell(argv, **env):
    if not shutil.which(argv[0]):
        pytest.fail(f"{argv[0]} is not there; make deps installs it")
    path = os.path.dirname(CTL) + ":" + os.environ["PATH"]
    r = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
                       env={**os.environ, "PATH": path, "HOME": "/nonexistent", "TERM": "dumb", **env})
    assert r.returncode == 0, r.stderr
    return r.stdout


def in_bash(*words):
    line = " ".join(f"'{w}'" for w in words)
    return set(shell(["bash", "--norc", "-c", f"""
source '{FILES["bash"]}'
COMP_WORDS=(wardgatectl {line}); COMP_CWORD={len(words)}
_wardgatectl
printf '%s\\n' "${{COMPREPLY[@]}}" """]).split())


def in_fish(*words, tmp):
    line = "wardgatectl " + " ".join(words)
    out = shell(["fish", "--no-config", "-c", f"source {FILES['fish']}; complete -C '{line}'"],
                XDG_CONFIG_HOME=tmp, XDG_DATA_HOME=tmp, XDG_CACHE_HOME=tmp)
    return {row.split("\t")[0] for row in out.splitlines()}


GLOBAL = {"--bus", "--config", "--json", "--help", "--version"}


def test_bash():
    assert in_bash("") == set(verbs()) | GLOBAL
    assert in_bash("sta") == {"status"}
    assert in_bash("--json", "--bus", "system", "dev") == {"devices", "device"}
    assert in_bash("--bus", "") == {"system", "session"}
    for verb, options in verbs().items():
        assert in_bash(verb, "--") == options | {"--json"}, verb
    assert in_bash("outbox", "re") == {"retry"}


def test_fish(tmp_path):
    assert {w for w in in_fish("''".strip("'"), tmp=str(tmp_path)) if not w.startswith("-")} == set(verbs())
    for verb, options in verbs().items():
        offered = {w for w in in_fish(verb, "--", tmp=str(tmp_path)) if w.startswith("--")}
        assert offered == options | {"--json", "--bus", "--config"}, verb


def test_zsh():
    """All verbs and options, as the file has them."""
    shell(["zsh", "-f", "-n", FILES["zsh"]])
    with open(FILES["zsh"], encoding="utf-8") as f:
        text = f.read()
    assert set(re.findall(r"^\t\t'([a-z][a-z0-9-]*):", text, re.M)) == set(verbs())
    body = text[text.index("case $words[1]"):]
    cases = {m.group(1): set(re.findall(r"'(--[a-z0-9-]+)", m.group(2)))
             for m in re.finditer(r"^\t([a-z0-9*-]+)\)(.*?);;", body, re.M | re.S)}
    for verb, options in verbs().items():
        assert cases.get(verb, cases["*"]) == options | {"--json"}, verb
    assert set(re.findall(r"'(?:\(- \*\))?(--[a-z]+)\[", text[:text.index("case $words")])) == GLOBAL


def test_zsh_at_work(tmp_path):
    t = Terminal("-f", "-i", argv=[shutil.which("zsh") or "zsh"], HOME=str(tmp_path), ZDOTDIR=str(tmp_path))
    try:
        t.line(f"PS1='>' fpath=({os.path.join(ROOT, 'completion')} $fpath); autoload -U compinit; compinit -u -D; "
               "print re''ady")
        t.wait("ready")
        t.send("wardgatectl tes\t")
        t.wait("wardgatectl test-alarm")
        t.send("\x15wardgatectl outbox ret\t")
        t.wait("wardgatectl outbox retry")
        t.send("\x15exit\n")
        t.ends()
    finally:
        t.end()


def test_the_manual_has_every_verb_and_option():
    with open(os.path.join(ROOT, "docs", "man", "wardgatectl.1"), encoding="utf-8") as f:
        text = f.read().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    for verb, options in verbs().items():
        assert re.search(rf'^\.BR? "?{verb}\b', text, re.M), verb
        for option in options:
            assert option in text, option
    for option in GLOBAL:
        assert option in text
    subprocess.run(["mandoc", "-T", "lint", "-W", "warning", os.path.join(ROOT, "docs", "man", "wardgatectl.1")],
                   check=True, timeout=60)
