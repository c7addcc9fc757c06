"""Texts: joining, cutting, searching, replacing."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from engine.api import Multiline, Output, Range, node

HOME = "utils/string"
Text = Annotated[str, Output("text")]
Found = Annotated[bool, Output("found")]
Whole = Annotated[int, Range(-(2**31), 2**31 - 1)]


@node("StringConcatenate", title="Concatenate", category=HOME)
def concatenate(string_a: Multiline, string_b: Multiline, delimiter: str = "") -> Text:
    """Join two texts.

    Args:
        delimiter: What stands between them.
    """
    return delimiter.join((string_a, string_b))


@node("StringSubstring", title="Substring", category=HOME)
def substring(string: Multiline, start: Whole, end: Whole) -> Text:
    """Cut a part out of a text.

    Args:
        start: Its first letter, from 0; below 0 counted from the end.
        end: The letter behind its last.
    """
    return string[start:end]


@node("StringLength", title="Length", category=HOME)
def length(string: Multiline) -> Annotated[int, Output("length")]:
    """Count the letters of a text."""
    return len(string)


@node("CaseConverter", title="Case converter", category=HOME)
def convert_case(
    string: Multiline, mode: Literal["UPPERCASE", "lowercase", "Capitalize", "Title Case"] = "UPPERCASE"
) -> Text:
    """Write a text in capitals, or without.

    Args:
        mode: Which letters become capitals.
    """
    change = {
        "UPPERCASE": str.upper,
        "lowercase": str.lower,
        "Capitalize": str.capitalize,
        "Title Case": str.title,
    }
    return change[mode](string)


@node("StringTrim", title="Trim", category=HOME)
def trim(string: Multiline, mode: Literal["Both", "Left", "Right"] = "Both") -> Text:
    """Take spaces and empty lines off the ends of a text.

    Args:
        mode: Off which end.
    """
    return {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}[mode](string)


@node("StringReplace", title="Replace", category=HOME)
def replace(string: Multiline, find: Multiline, replace: Multiline) -> Text:
    """Replace a part of a text wherever it stands.

    Args:
        find: What to look for.
        replace: What to put in its place.
    """
    return string.replace(find, replace)


@node("StringContains", title="Contains", category=HOME)
def contains(string: Multiline, substring: Multiline, case_sensitive: bool = True) -> Found:
    """Tell whether a text contains another.

    Args:
        case_sensitive: Whether capitals count as other letters.
    """
    return _cased(substring, case_sensitive) in _cased(string, case_sensitive)


@node("StringCompare", title="Compare", category=HOME)
def compare(
    string_a: Multiline,
    string_b: Multiline,
    mode: Literal["Starts With", "Ends With", "Equal"] = "Starts With",
    case_sensitive: bool = True,
) -> Found:
    """Compare two texts.

    Args:
        mode: What is asked of the first.
        case_sensitive: Whether capitals count as other letters.
    """
    first, second = _cased(string_a, case_sensitive), _cased(string_b, case_sensitive)
    match mode:
        case "Starts With":
            return first.startswith(second)
        case "Ends With":
            return first.endswith(second)
        case "Equal":
            return first == second


@node("RegexMatch", title="Regex match", category=HOME)
def regex_match(
    string: Multiline,
    regex_pattern: Multiline,
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
) -> Found:
    """Tell whether a pattern occurs in a text.

    Args:
        regex_pattern: A regular expression, as Python has them.
        case_insensitive: Capitals do not count.
        multiline: ^ and $ also match at the ends of lines.
        dotall: The dot also matches the end of a line.
    """
    flags = _flags(case_insensitive, multiline, dotall)
    return _pattern(regex_pattern, flags).search(string) is not None


@node("RegexExtract", title="Regex extract", category=HOME)
def regex_extract(
    string: Multiline,
    regex_pattern: Multiline,
    mode: Literal["First Match", "All Matches", "First Group", "All Groups"] = "First Match",
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
    group_index: Annotated[int, Range(0, 100)] = 1,
) -> Text:
    """Take out of a text what a pattern matches; several on a line each.

    Args:
        regex_pattern: A regular expression, as Python has them.
        mode: What of it, and how often.
        case_insensitive: Capitals do not count.
        multiline: ^ and $ also match at the ends of lines.
        dotall: The dot also matches the end of a line.
        group_index: Which group of the pattern, where a group is asked for.
    """
    found = list(_pattern(regex_pattern, _flags(case_insensitive, multiline, dotall)).finditer(string))
    group = group_index if mode.endswith(("Group", "Groups")) else 0
    wanted = found[:1] if mode.startswith("First") else found
    return "\n".join(match[group] or "" for match in wanted if group <= len(match.groups()))


@node("RegexReplace", title="Regex replace", category=HOME)
def regex_replace(
    string: Multiline,
    regex_pattern: Multiline,
    replace: Multiline,
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
    count: Annotated[int, Range(0, 100)] = 0,
) -> Text:
    r"""Replace in a text what a pattern matches.

    Args:
        regex_pattern: A regular expression, as Python has them.
        replace: What to put in its place; \1 is the pattern's first group.
        case_insensitive: Capitals do not count.
        multiline: ^ and $ also match at the ends of lines.
        dotall: The dot also matches the end of a line.
        count: How often at most; 0 for always.
    """
    flags = _flags(case_insensitive, multiline, dotall)
    return _pattern(regex_pattern, flags).sub(replace, string, count=count)


def _cased(text: str, case_sensitive: bool) -> str:
    return text if case_sensitive else text.lower()


def _flags(case_insensitive: bool, multiline: bool, dotall: bool) -> re.RegexFlag:
    chosen = ((case_insensitive, re.IGNORECASE), (multiline, re.MULTILINE), (dotall, re.DOTALL))
    flags = re.NOFLAG
    for wanted, flag in chosen:
        flags |= flag if wanted else re.NOFLAG
    return flags


def _pattern(text: str, flags: re.RegexFlag) -> re.Pattern[str]:
    try:
        return re.compile(text, flags)
    except re.error as error:
        raise ValueError(
            f"The pattern {text!r} is no regular expression: {error}. Correct it there."
        ) from error
