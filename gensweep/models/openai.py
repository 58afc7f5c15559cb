"""Any endpoint that speaks OpenAI's protocol, as a generator: ``openai:MODEL@URL``, with settings behind a ``?``.

``openai:gpt-4o-mini@https://api.openai.com/v1?requests_per_minute=500&input_price=0.15&output_price=0.6``: see
``Endpoint`` for the settings. The key is read from the environment variable ``OPENAI_API_KEY`` and never shown.
"""

import concurrent.futures
import dataclasses
import os
import random
import re
import threading
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx

from gensweep.errors import UserError, did_you_mean
from gensweep.records import Generation, GenerationRequest, Question, Score

KEY = "OPENAI_API_KEY"
_NAME = re.compile(r"openai:(?P<model>.+)@(?P<url>https?://[^?]+?)/?(?:\?(?P<settings>.*))?")
_ATTEMPTS = 6
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
"""Seconds before the first and before any later attempt, unless the endpoint names its own with ``Retry-After``."""
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_TIMEOUT = httpx.Timeout(600.0, connect=10.0)
_BYTES_PER_TOKEN = 2


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A model behind a URL. Nothing but these two, and ``api``, changes what it writes.

    ``api`` is ``chat`` or ``completions`` (for models without a chat template), ``parallel`` the requests under way at
    a time and ``requests_per_minute`` how many may begin (0: any number), both per process. ``window`` is in tokens
    (0: what the endpoint says, else 8192), prices are in dollars per million tokens.
    """

    model: str
    url: str
    api: str = "chat"
    parallel: int = 8
    requests_per_minute: int = 0
    window: int = 0
    input_price: float = 0.0
    output_price: float = 0.0


def endpoint(name: str) -> Endpoint:
    """The endpoint that a model's name describes.

    Raises:
        UserError: the name has another form, an unknown setting, or a setting with a wrong value.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise UserError(f"model {name}: name it openai:MODEL@URL, such as openai:my-model@http://localhost:8000/v1")
    types = {"api": str, "input_price": float, "output_price": float}
    types |= dict.fromkeys(("parallel", "requests_per_minute", "window"), int)
    settings: dict[str, Any] = {}
    for field, text in urllib.parse.parse_qsl(match["settings"] or "", keep_blank_values=True):
        if field not in types:
            raise UserError(f"model {name}: there is no setting {field}{did_you_mean(field, types)}")
        try:
            settings[field] = types[field](text)
        except ValueError:
            raise UserError(f"model {name}: {field}={text} is not a number") from None
    result = Endpoint(model=match["model"], url=match["url"], **settings)
    numbers = dataclasses.asdict(result)
    if result.api not in ("chat", "completions"):
        raise UserError(f"model {name}: api is chat or completions, not {result.api}")
    if result.parallel < 1 or min(numbers[field] for field in types if field != "api") < 0:
        raise UserError(f"model {name}: parallel must be at least 1, and no setting negative")
    return result


def identity(name: str) -> str:
    """What identifies the model in the keys of the store; the endpoint may change it unnoticed."""
    where = endpoint(name)
    return f"openai:{where.api}:{where.model}@{where.url}"


def cost(name: str, generations: Iterable[Generation]) -> float:
    """Dollars that the generations cost by the name's prices."""
    prices = endpoint(name)
    return sum(g.prompt_tokens * prices.input_price + g.new_tokens * prices.output_price for g in generations) / 1e6


class OpenAIModel:
    """A ``LanguageModel`` that generates only."""

    trainable = False

    def __init__(self, name: str) -> None:
        """Raises UserError if nothing answers at the URL, or the key is refused."""
        self.name = name
        self._endpoint = endpoint(name)
        self._key = os.environ.get(KEY, "")
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._http = httpx.Client(headers=headers, timeout=_TIMEOUT)
        self._pace = _Pace(self._endpoint.requests_per_minute)
        self.window = self._endpoint.window or self._stated_window()

    def count_tokens(self, text: str) -> int:
        """An upper estimate, one token for two bytes: the endpoint's tokenizer is not at hand."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def chat(self, message: str) -> str | None:
        """``message`` itself, since the endpoint applies the template; None with the completions API."""
        return message if self._endpoint.api == "chat" else None

    def check(self, context: str, questions: Sequence[Question]) -> None:
        """Raises UserError: an endpoint cannot score."""
        raise self._cannot_score()

    def score(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        """Raises UserError: the protocol has no log-probabilities of given texts."""
        raise self._cannot_score()

    def _cannot_score(self) -> UserError:
        return UserError(
            f"model {self.name}: an endpoint can write augmentations but not score choices: use it as"
            " augmentation.generator, and a folder or Hub id under models"
        )

    def generate(self, requests: Sequence[GenerationRequest]) -> Iterator[Generation]:
        """One generation per request, in order of completion.

        Transient failures are tried again with growing pauses. Raises UserError where no request can succeed: the
        endpoint is unreachable, refuses the key, or does not have the model or a chat template for it.
        """
        with concurrent.futures.ThreadPoolExecutor(self._endpoint.parallel) as pool:
            running = [pool.submit(self._generate, request) for request in requests]
            try:
                for future in concurrent.futures.as_completed(running):
                    yield future.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _generate(self, request: GenerationRequest) -> Generation:
        where = self._endpoint
        text = request.context + request.prompt
        body: dict[str, Any] = {"model": where.model, "temperature": request.temperature, "seed": request.seed}
        if request.stop:
            body["stop"] = list(request.stop)
        # OpenAI's newer models refuse the name that all other servers understand.
        limit = "max_completion_tokens" if "api.openai.com" in where.url else "max_tokens"
        body[limit] = request.max_tokens
        if where.api == "chat":
            response = self._post("chat/completions", body | {"messages": [{"role": "user", "content": text}]}, request)
        else:
            response = self._post("completions", body | {"prompt": text}, request)
        if isinstance(response, str):
            return self._generation(request, text="", prompt_tokens=0, new_tokens=0, finish="error", error=response)
        return self._read(request, response)

    def _read(self, request: GenerationRequest, response: dict[str, Any]) -> Generation:
        try:
            choice = response["choices"][0]
            written = choice["message"]["content"] if self._endpoint.api == "chat" else choice["text"]
        except (KeyError, IndexError, TypeError):
            error = f"the endpoint's answer has no text: {self._without_key(str(response)[:300])}"
            return self._generation(request, text="", prompt_tokens=0, new_tokens=0, finish="error", error=error)
        whole = written or ""
        text, stopped = request.until_stop(whole)  # not every server knows stop strings
        usage = response.get("usage") or {}
        finish = choice.get("finish_reason")
        return self._generation(
            request,
            text=text,
            prompt_tokens=usage.get("prompt_tokens", self.count_tokens(request.context + request.prompt)),
            new_tokens=usage.get("completion_tokens", self.count_tokens(whole)),
            finish="error"
            if finish == "content_filter"
            else "length"
            if finish == "length" and not stopped
            else "stop",
            error="the endpoint's content filter stopped it" if finish == "content_filter" else "",
        )

    def _generation(self, request: GenerationRequest, **values: Any) -> Generation:
        return Generation(request_id=request.id, source_id=request.source_id, **values)

    def _post(self, path: str, body: dict[str, Any], request: GenerationRequest) -> dict[str, Any] | str:
        """The endpoint's answer, or the reason why it has none for this request."""
        jitter = random.Random(request.id)
        for attempt in range(_ATTEMPTS):
            self._pace.wait()
            try:
                response = self._http.post(f"{self._endpoint.url}/{path}", json=body)
            except httpx.TransportError as error:
                if attempt + 1 == _ATTEMPTS:
                    raise self._unreachable(error) from None
                time.sleep(_pause(attempt, jitter))
                continue
            if response.status_code == 200:
                return _object(response)
            if response.status_code not in _TRANSIENT or attempt + 1 == _ATTEMPTS:
                break
            named = _named_pause(response)
            time.sleep(_pause(attempt, jitter) if named is None else named)
        self._raise_if_hopeless(response)
        return f"the endpoint answered {response.status_code}: {self._without_key(response.text[:300])}"

    def _raise_if_hopeless(self, response: httpx.Response) -> None:
        """Raises UserError for an answer that every other request would get too."""
        where = self._endpoint
        if response.status_code in (401, 403):
            state = "that it holds" if self._key else "because it is not set"
            raise UserError(
                f"the endpoint {where.url} refuses the key of the environment variable {KEY} {state}"
                f" ({response.status_code}): set it to a valid key"
            )
        if response.status_code == 404:
            raise UserError(
                f"the endpoint {where.url} has no model {where.model} or no {where.api} API (404): check both in the"
                f" name {self.name}"
            )
        if response.status_code == 400 and "chat template" in response.text.lower():
            raise UserError(
                f"the endpoint {where.url} has no chat template for {where.model}: add api=completions to the name,"
                f" openai:{where.model}@{where.url}?api=completions"
            )

    def _stated_window(self) -> int:
        """The window as vLLM's list of models states it, else 8192. Raises UserError if nothing answers."""
        try:
            response = self._http.get(f"{self._endpoint.url}/models")
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        if response.status_code in (401, 403):
            self._raise_if_hopeless(response)
        try:
            models = _object(response)["data"]
            return next(int(model["max_model_len"]) for model in models if model["id"] == self._endpoint.model)
        except (ValueError, KeyError, TypeError, StopIteration):
            return 8192

    def _unreachable(self, error: httpx.TransportError) -> UserError:
        return UserError(
            f"no endpoint answers at {self._endpoint.url} ({error}): start it, or correct the URL in the name"
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if self._key else text


class _Pace:
    """Lets requests begin no closer to each other than the limit allows."""

    def __init__(self, per_minute: int) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Returns when a request may begin."""
        with self._lock:
            start = max(time.monotonic(), self._next)
            self._next = start + self._interval
        time.sleep(max(0.0, start - time.monotonic()))


def _object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty if it is none."""
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _pause(attempt: int, jitter: random.Random) -> float:
    """Doubling pauses, each shortened at random by up to a half so that requests do not come back together."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt) * (1.0 - 0.5 * jitter.random())


def _named_pause(response: httpx.Response) -> float | None:
    """The seconds of ``Retry-After``; None without the header (or with a date in it)."""
    seconds = response.headers.get("Retry-After", "")
    return min(_LONGEST_PAUSE, float(seconds)) if re.fullmatch(r"\d+(\.\d+)?", seconds) else None
