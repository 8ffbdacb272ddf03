"""Completion scripts for bash, zsh and fish, made from the tables of options.

For pip's verbs the scripts ask pip's own completion, which answers a command run with `PIP_AUTO_COMPLETE` set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from peep.cli.options.option import Option, OptionSupport
from peep.cli.verb import Verb

_BASH = """\
_peep_completion() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" verb="" choices="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${COMP_WORDS[i]}" in
            -*) ;;
            *) verb="${COMP_WORDS[i]}"; break ;;
        esac
    done
    COMPREPLY=()
    case "$verb $previous" in
@VALUES@
    esac
    if [ -z "$choices" ]; then
        case "$verb" in
            "") choices="@VERBS@" ;;
@OPTIONS@
            *)
                COMPREPLY=($(COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
                    PIP_AUTO_COMPLETE=1 "${COMP_WORDS[0]}" 2>/dev/null))
                return ;;
        esac
        case "$verb $current" in
            *" -"*|" "*) ;;
            *) return ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -o default -F _peep_completion peep
"""

_ZSH = """\
#compdef peep
_peep() {
    local verb="" choices="" i
    local previous="${words[CURRENT-1]}" current="${words[CURRENT]}"
    for ((i = 2; i < CURRENT; i++)); do
        case "${words[i]}" in
            -*) ;;
            *) verb="${words[i]}"; break ;;
        esac
    done
    case "$verb $previous" in
@VALUES@
    esac
    if [ -z "$choices" ]; then
        case "$verb" in
            "") choices="@VERBS@" ;;
@OPTIONS@
            *)
                compadd -- $(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \\
                    PIP_AUTO_COMPLETE=1 "${words[1]}" 2>/dev/null)
                return ;;
        esac
        case "$verb $current" in
            *" -"*|" "*) ;;
            *) _files; return ;;
        esac
    fi
    compadd -- ${=choices}
}
if [ "$funcstack[1]" = "_peep" ]; then
    _peep "$@"
else
    compdef _peep peep
fi
"""

_FISH = """\
function __peep_verb
    for word in (commandline -opc)[2..-1]
        if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
end
function __peep_verb_is
    test (__peep_verb) = "$argv[1]" 2>/dev/null
end
function __peep_asks_pip
    set -l verb (__peep_verb)
    test -n "$verb"; and not contains -- $verb @OWN@
end
function __peep_pip
    set -lx COMP_WORDS (commandline -opc) (commandline -ct)
    set -lx COMP_CWORD (math (count (commandline -opc)))
    set -lx PIP_AUTO_COMPLETE 1
    string split ' ' -- (eval $COMP_WORDS[1] 2>/dev/null)
end
complete -c peep -n 'test -z (__peep_verb)' -f
complete -c peep -n __peep_asks_pip -f -a '(__peep_pip)'
"""


def bash_script(verbs: Sequence[Verb], pips_verbs: Iterable[str]) -> str:
    """The script that `eval "$(peep completion --bash)"` wants."""
    return _filled(_BASH, verbs, pips_verbs)


def zsh_script(verbs: Sequence[Verb], pips_verbs: Iterable[str]) -> str:
    """The script for zsh, to be evaluated after `compinit` or kept as `_peep` on `fpath`."""
    return _filled(_ZSH, verbs, pips_verbs)


def fish_script(verbs: Sequence[Verb], pips_verbs: Iterable[str]) -> str:
    """The script for fish, to be kept as `completions/peep.fish`."""
    own = " ".join(verb.name for verb in verbs)
    lines = [_FISH.replace("@OWN@", own).rstrip("\n")]
    lines += [
        f"complete -c peep -n 'test -z (__peep_verb)' -a {verb.name} -d {_quoted(verb.summary)}" for verb in verbs
    ]
    lines += [f"complete -c peep -n 'test -z (__peep_verb)' -a {name}" for name in pips_verbs]
    lines += [_fish_option(verb, option) for verb in verbs for option in _honoured(verb)]
    return "\n".join(lines) + "\n"


def _fish_option(verb: Verb, option: Option) -> str:
    spelled = "".join(f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in option.names[:2])
    value = ""
    if option.takes_value:
        value = f" -x -a {_quoted(' '.join(option.choices))}" if option.choices else " -r"
    return f"complete -c peep -n '__peep_verb_is {verb.name}'{spelled}{value} -d {_quoted(option.help)}"


def _filled(template: str, verbs: Sequence[Verb], pips_verbs: Iterable[str]) -> str:
    names = [*(verb.name for verb in verbs), *pips_verbs, "--help", "--version", "--python"]
    options = [
        f'            {verb.name}) choices="{" ".join(name for one in _honoured(verb) for name in one.names)}" ;;'
        for verb in verbs
    ]
    values = [
        f'        {"|".join(_pattern(verb, name) for name in option.names)}) choices="{" ".join(option.choices)}" ;;'
        for verb in verbs
        for option in _honoured(verb)
        if option.choices
    ]
    filled = template.replace("@VERBS@", " ".join(names))
    return filled.replace("@OPTIONS@", "\n".join(options)).replace("@VALUES@", "\n".join(values))


def _pattern(verb: Verb, name: str) -> str:
    return f'"{verb.name} {name}"'


def _honoured(verb: Verb) -> list[Option]:
    return [option for option in verb.options if option.standing is OptionSupport.HONOURED]


def _quoted(text: str) -> str:
    """Single quotes as fish reads them."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
