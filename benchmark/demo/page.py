"""The web page: upload a photograph, choose method and weights, compare before and after, download the result.

Only this module imports gradio. The page loads and sends nothing elsewhere: no analytics, no fonts of other sites.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from benchmark.demo.computation import Result, Step
from benchmark.demo.guard import Guard
from benchmark.demo.pictures import PREVIEW_SIDE
from benchmark.demo.service import Service
from realdof.common.errors import InputError

_WAITING = 8
"""Largest number of photographs in the queue."""
_FONTS = ("system-ui", "sans-serif")
_TYPES = [".jpg", ".jpeg", ".png", ".tif", ".tiff"]
_STYLE = "progress { width: 100%; } #status p { font-size: 1.05em; min-height: 1.5em; }"


def launch(service: Service, host: str, port: int, most_bytes: int) -> Any:
    """Serve the page until `close` is called on the returned object.

    Parameters
    ----------
    service
        The service behind the page.
    host, port
        Address to listen on; port 0 selects a free port.
    most_bytes
        Largest upload in bytes.

    Returns
    -------
    gradio.Blocks
        Its ``local_url`` is the page's address.

    Raises
    ------
    InputError
        The port cannot be opened.
    ModuleNotFoundError
        gradio is not installed.
    """
    # gradio reads these variables when it is imported or creates its first component.
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "GRADIO_SHARE": "False",
        "GRADIO_TEMP_DIR": str(service.folder),
    }  # fmt: skip
    import gradio

    from benchmark.demo.guard import LOOPBACK

    class Guarded:
        """The guard as a class that Starlette can call with the application, as its middleware interface requires."""

        def __new__(cls, app: Any) -> Any:
            return Guard(app, most_bytes, host in LOOPBACK)

    from starlette.middleware import Middleware

    page = _page(gradio, service, most_bytes)
    page.queue(max_size=_WAITING, default_concurrency_limit=1, api_open=False)
    theme = gradio.themes.Default(font=_FONTS, font_mono=("monospace",))
    try:
        page.launch(
            server_name=host, server_port=port or None, share=False, inbrowser=False, quiet=True, ssr_mode=False,
            prevent_thread_lock=True, max_file_size=most_bytes, enable_monitoring=False, mcp_server=False, pwa=False,
            footer_links=[], show_error=False, theme=theme, css=_STYLE,
            app_kwargs={"middleware": [Middleware(Guarded)], "docs_url": None, "redoc_url": None, "openapi_url": None},
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}, port {port}: it is taken, or no address of this machine; give another --port or "
            "--host"
        ) from error
    return page


def _page(gradio: Any, service: Service, most_bytes: int) -> Any:
    methods = list(service.offers)

    def looked(upload: str | None, request: gradio.Request) -> Any:
        if upload is None:
            return _said("Drop a photograph on the left.")
        try:
            header = service.look(str(request.session_hash), Path(upload))
        except InputError as error:
            return _said(str(error))
        return _said(f"{header.width}x{header.height} px, {header.bits} bits. Press Deblur.")

    def chosen(method: str) -> Any:
        keys = service.offers.get(method, ())
        return gradio.update(choices=list(keys), value=keys[0] if keys else None)

    def deblurred(upload: str | None, method: str, weights: str, request: gradio.Request) -> Iterator[Any]:
        if upload is None:
            yield _said("Drop a photograph first."), gradio.skip(), gradio.skip()
            return
        waiting = gradio.update(value=None), gradio.update(value=None, interactive=False)
        yield _said("Loading the method ..."), *waiting
        try:
            for step in service.deblur(str(request.session_hash), Path(upload), method, weights):
                if isinstance(step, Step):
                    yield _progress(step), *waiting
                else:
                    yield (
                        _told(step),
                        (str(step.before), str(step.after)),
                        gradio.update(value=str(step.full), interactive=True),
                    )
                    return
            yield _said("Cancelled."), *waiting
        except InputError as error:
            yield _said(str(error)), *waiting

    def cancelled(request: gradio.Request) -> Any:
        service.cancel(str(request.session_hash))
        return _said("Cancelled.")

    def left(request: gradio.Request) -> None:
        service.forget(str(request.session_hash))

    with gradio.Blocks(title="ifan-bench demo", analytics_enabled=False) as page:
        gradio.Markdown(
            "# Deblur a photograph\nIt stays on the machine that runs this page, and is removed when you leave."
        )
        with gradio.Row():
            with gradio.Column(scale=1, min_width=280):
                upload = gradio.File(label=f"JPEG, PNG or TIFF, up to {most_bytes / 1e6:.0f} MB", file_types=_TYPES)
                upload.async_move_resource_to_block_cache = _without_addresses(
                    upload.async_move_resource_to_block_cache
                )
                method = gradio.Dropdown(methods, value=methods[0], label="Method")
                weights = gradio.Dropdown(
                    list(service.offers[methods[0]]), value=service.offers[methods[0]][0], label="Weights"
                )
                with gradio.Row():
                    start = gradio.Button("Deblur", variant="primary", elem_id="deblur")
                    stop = gradio.Button("Cancel", elem_id="cancel")
                status = gradio.HTML(_said("Drop a photograph on the left."), elem_id="status")
                download = gradio.DownloadButton("Download the result", interactive=False, elem_id="download")
            with gradio.Column(scale=3):
                slider = gradio.ImageSlider(
                    label="Before and after", type="filepath", interactive=False, max_height=720, elem_id="slider",
                    buttons=["fullscreen"],
                )  # fmt: skip
        private: Any = {"api_visibility": "private"}
        upload.change(looked, upload, status, queue=False, show_progress="hidden", **private)
        method.change(chosen, method, weights, queue=False, show_progress="hidden", **private)
        waits = start.click(
            lambda: _said("Waiting for its turn ..."), None, status, queue=False, show_progress="hidden", **private
        )
        # gradio's own progress display is hidden, because it shows a cancelled computation as an error.
        event = waits.then(
            deblurred, [upload, method, weights], [status, slider, download], show_progress="hidden", **private
        )
        stop.click(cancelled, None, status, cancels=[event], queue=False, **private)
        page.unload(left)
    return page


def _without_addresses(keep: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    """Wrap a component's function that stores its file, so that it refuses to fetch a URL that a visitor sends."""

    async def kept(place: Any) -> Any:
        if "://" in str(place):
            raise InputError("the demo fetches nothing from elsewhere")
        return await keep(place)

    return kept


def _said(sentence: str) -> str:
    return f'<p role="status">{escape(sentence)}</p>'


def _progress(step: Step) -> str:
    if not step.total:
        return '<p role="status">Computing ...</p><progress></progress>'
    return (
        f'<p role="status">Part {step.done} of {step.total}</p>'
        f'<progress value="{step.done}" max="{step.total}"></progress>'
    )


def _told(result: Result) -> str:
    return _said(
        f"{result.width}x{result.height} px in {result.seconds:.1f} s. The download has the full size; the slider "
        f"shows at most {PREVIEW_SIDE} px."
    )
