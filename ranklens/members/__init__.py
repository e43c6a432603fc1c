"""A library as one visitor may see and change it: `member_of`."""

from ranklens.members.view import MemberLibrary, member_of

__all__ = ["MemberLibrary", "member_of"]
