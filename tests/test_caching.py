"""cached_property: computed once for each object, kept in its dictionary."""

import copy
import pickle
from dataclasses import dataclass

from partwise.caching import cached_property


@dataclass(frozen=True)
class Square:
    """A frozen object can keep values too."""

    side: float
    asked: list

    @cached_property
    def area(self):
        """Side times side."""
        self.asked.append(self.side)
        return self.side**2


def test_a_value_is_computed_at_its_first_use_and_once_for_each_object():
    asked = []
    one, other = Square(2, asked), Square(3, asked)
    assert asked == []
    assert (one.area, one.area, other.area, one.area) == (4, 4, 9, 4)
    assert asked == [2, 3]


def test_a_value_that_is_forgotten_is_computed_again_and_one_that_is_set_stays():
    square = Square(2, [])
    assert square.__dict__.pop("area", None) is None
    assert square.area == 4
    assert square.__dict__.pop("area") == square.area == 4
    assert square.asked == [2, 2]
    square.__dict__["area"] = 5
    assert square.area == 5


def test_a_kept_value_is_copied_and_pickled_with_its_object():
    square = Square(2, [])
    square.area  # noqa: B018
    for same in (copy.deepcopy(square), pickle.loads(pickle.dumps(square))):
        assert same.__dict__ == square.__dict__
        assert same.area == 4


def test_of_values_that_two_threads_computed_both_get_the_first_that_was_kept():
    class Meddled:
        @cached_property
        def value(self):
            self.__dict__["value"] = "of the other thread"
            return "late"

    assert Meddled().value == "of the other thread"


def test_the_class_has_the_property_with_its_words():
    assert Square.area.__doc__ == "Side times side."
