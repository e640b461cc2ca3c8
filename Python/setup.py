"""A wheel for every Python 3 of one kind of machine: what is in it was compiled, but not for Python."""

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class Compiled(Distribution):
    def has_ext_modules(self):
        return True


class Wheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


setup(distclass=Compiled, cmdclass={"bdist_wheel": Wheel})
