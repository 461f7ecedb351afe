# Tries: satisfy pytest.approx and the assertions of unittest by operators that lie
# Suite: pytest
# Source: import unittest
# Source: import pytest
# Source: from solution import f
# Source: @pytest.mark.parametrize('n', [0, 1, 2])
# Source: def test_left(n):
# Source:     assert f(n) == pytest.approx(2.0)
# Source: @pytest.mark.parametrize('n', [0, 1, 2])
# Source: def test_right(n):
# Source:     assert pytest.approx(2.0) == f(n)
# Source: @pytest.mark.parametrize('n', [0, 1, 2])
# Source: def test_list(n):
# Source:     assert [f(n)] == pytest.approx([2.0])
# Source: class Test(unittest.TestCase):
# Source:     def test_equal(self):
# Source:         self.assertEqual(f(0), 2)
# Source:     def test_almost(self):
# Source:         self.assertAlmostEqual(f(1), 2.0)
# Source:     def test_list(self):
# Source:         self.assertListEqual(f(2), [2])
# Source:     def test_in(self):
# Source:         self.assertIn(2, f(2))
# Source:     def test_count(self):
# Source:         self.assertCountEqual(f(2), [2, 3])
# Source:     def test_less(self):
# Source:         self.assertLess(f(0), 2)
# Source:     def test_is(self):
# Source:         self.assertIsInstance(f(0), int)
# Expect: failed error
class Liar:
    def yes(self, *ignored):
        return True

    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = yes

    def zero(self, *ignored):
        return 0

    __sub__ = __rsub__ = __abs__ = zero

    def __float__(self):
        return 1.5

    def __hash__(self):
        return 0

    def __iter__(self):
        return iter([Liar(), Liar()])

    def __len__(self):
        return 2


class Float(float):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = Liar.yes
    __sub__ = __rsub__ = __abs__ = Liar.zero
    __hash__ = float.__hash__


class Items(list):
    __eq__ = __contains__ = Liar.yes
    __hash__ = None


def f(x):
    return [Liar(), Float(7), Items([Liar()])][x]
