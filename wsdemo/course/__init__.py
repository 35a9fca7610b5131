"""Tools of the lessons, besides the protocol: `doctor` looks at the machine, `check` at an answer.

Reading order: doctor · exercises · restart · startup · notes · progress · copies · jupyter · sockets · slow ·
powercut · idle · attack · lesson_00, lesson_01, … (the checks of each lesson).
"""

from wsdemo.course.doctor import doctor
from wsdemo.course.exercises import check

__all__ = ["check", "doctor"]
