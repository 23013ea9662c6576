"""Lies in what an answer means."""

from __future__ import annotations

import itertools

from contract.lie import Patch, lie
from groupmessenger_bandwidth import BandwidthMessenger
from groupmessenger_bandwidth import answers as bandwidth_answers
from groupmessenger_messagebird import MessageBirdMessenger
from groupmessenger_messagebird import answers as messagebird_answers
from groupmessenger_sendblue import answers as sendblue_answers

from groupmessenger.provider import (
    Group,
    GroupMessengerError,
    GroupReceipt,
    Message,
    ProviderError,
    ProviderUnavailable,
    Rejected,
    Response,
    Status,
)


@lie("messagebird", test_an_answer_means_what_the_table_says="came out as Rejected")
class AnErrorOfTheServerIsARefusal(MessageBirdMessenger):
    """Whatever is no success was not sent, 5xx as well."""

    def refusal(self, response: Response) -> ProviderError | None:
        """Always."""
        return super().refusal(response) or Rejected("refused", status=response.status)


@lie("sendblue", test_an_answer_means_what_the_table_says="HTTP 409 came out as Rejected")
def a_conflict_is_a_refusal(patch: Patch) -> None:
    """A 409 is taken for a refusal: it may be of a first try that went through."""
    patch.setattr(sendblue_answers, "_REFUSED", frozenset({400, 401, 403, 404, 409, 422}))


@lie("bandwidth", test_what_is_nobodys_shape_is_in_doubt="HTTP 400 came out as Rejected")
class AnyObjectIsARefusal(BandwidthMessenger):
    """Any JSON object is taken for the vendor's, a proxy's as well."""

    def refusal(self, response: Response) -> ProviderError | None:
        """Any."""
        refused = isinstance(response.data, dict) and response.status == 400
        return super().refusal(response) or (Rejected("refused", status=400) if refused else None)


@lie("bandwidth", test_what_is_nobodys_shape_is_in_doubt="HTTP 502 came out as ProviderUnavailable")
class APageOfAProxyIsNobody(BandwidthMessenger):
    """A 502 is taken for "not reached", and is tried again, however far the message came."""

    def refusal(self, response: Response) -> ProviderError | None:
        """Not there."""
        if response.status in (502, 503, 504):
            return ProviderUnavailable("not reached", status=response.status)
        return super().refusal(response)


@lie("messagebird", test_an_answer_means_what_the_table_says="the table says AuthenticationFailed")
class AWrongKeyIsARefusal(MessageBirdMessenger):
    """A 401 is like any other refusal, so that nobody looks at the key."""

    def refusal(self, response: Response) -> ProviderError | None:
        """Any."""
        found = super().refusal(response)
        return Rejected(str(found), status=401) if found is not None and response.status == 401 else found


@lie("messagebird", test_reading_an_error_never_fails="refusal() raised KeyError")
class AnErrorThatIsNotRead(MessageBirdMessenger):
    """Each error is taken to have a code and a description."""

    def refusal(self, response: Response) -> ProviderError | None:
        """Read the first error."""
        found = super().refusal(response)
        if found is not None:
            response.fields["errors"][0]["description"].upper()
        return found


@lie("bandwidth", test_a_repeated_answer_is_the_same="pure")
class RefusalsAreCounted(BandwidthMessenger):
    """What an answer means depends on how often it came."""

    _count = itertools.count()

    def refusal(self, response: Response) -> ProviderError | None:
        """Count them."""
        found = super().refusal(response)
        return found and type(found)(f"{next(self._count)}: {found}", status=response.status)


@lie("bandwidth", test_an_answer_means_what_the_table_says="came out as a success")
class AnErrorThatIsSwallowed(BandwidthMessenger):
    """A refusal is told as a receipt, which nobody looks at."""

    async def send(self, group: Group, message: Message, token: str) -> GroupReceipt:
        """Send, and never fail."""
        try:
            return await super().send(group, message, token)
        except GroupMessengerError:
            return GroupReceipt(id="none", status=Status.FAILED, group=group)


@lie("sendblue", test_an_answer_means_what_the_table_says="came out as a success")
def every_success_is_one(patch: Patch) -> None:
    """A 2xx is a success, whatever error its body has."""
    patch.setattr(sendblue_answers, "check_sent", lambda response: None)


@lie("bandwidth", test_a_success_without_an_id_is_no_success="gave a receipt")
def a_success_without_an_id(patch: Patch) -> None:
    """A 2xx is a success, whether it has the id of a message or is a page of a proxy."""
    patch.setattr(bandwidth_answers, "check_sent", lambda response: response.fields)


@lie("messagebird", test_an_answer_means_what_the_table_says="QuotaExceeded")
def no_word_of_the_balance(patch: Patch) -> None:
    """That the balance is used up is like any other refusal, and nobody pays."""
    patch.setattr(messagebird_answers, "_NO_BALANCE", "none")
