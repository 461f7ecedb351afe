// Problems to begin with, in the project's own format.

export const EXAMPLES = [
  ["Group anagrams", {
    id: "anagrams",
    statement: "Write a function that groups words that are anagrams of each other, in the order of the first word of each group.",
    entry_point: "group_anagrams",
    tests: { asserts: [
      "assert group_anagrams(['eat', 'tea', 'tan', 'ate', 'nat', 'bat']) == [['eat', 'tea', 'ate'], ['tan', 'nat'], ['bat']]",
      "assert group_anagrams([]) == []",
      "assert group_anagrams(['a']) == [['a']]",
    ] },
  }],
  ["Roman numerals", {
    id: "roman",
    statement: "Write a function that turns an integer from 1 to 3999 into a Roman numeral. Raise ValueError for anything else.",
    entry_point: "to_roman",
    tests: { asserts: [
      "assert to_roman(4) == 'IV'",
      "assert to_roman(1994) == 'MCMXCIV'",
      "assert to_roman(3999) == 'MMMCMXCIX'",
      "assert to_roman(58) == 'LVIII'",
    ] },
  }],
  ["Merge intervals, as a pytest file", {
    id: "intervals",
    statement: "Write a function that merges overlapping closed intervals, given as (start, end) tuples in any order, and returns them sorted. Intervals that only touch are merged too.",
    entry_point: "merge",
    tests: { pytest: "import pytest\nfrom solution import merge\n\n\ndef test_overlap():\n    assert merge([(1, 3), (2, 6), (8, 10)]) == [(1, 6), (8, 10)]\n\n\ndef test_touching():\n    assert merge([(1, 4), (4, 5)]) == [(1, 5)]\n\n\n@pytest.mark.parametrize('empty', [[], ()])\ndef test_empty(empty):\n    assert merge(empty) == []\n" },
  }],
  ["Sum of each line, as input and output", {
    id: "line-sums",
    statement: "Read lines of integers, separated by white space, until the input ends. For each line print the sum of its integers; for an empty line print 0.",
    tests: { stdio: [
      { stdin: "1 2 3\n4 5\n", stdout: "6\n9\n" },
      { stdin: "-1 1\n\n10\n", stdout: "0\n0\n10\n" },
    ] },
  }],
  ["Run-length encoding, without tests", {
    id: "run-length",
    statement: "Write a function encode(text) that returns the run-length encoding of a string as a list of (character, count) tuples.",
    entry_point: "encode",
  }],
];
