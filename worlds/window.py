"""Windows: whether one can be opened, and frames [H, W, 3] uint8 shown in it.

The top of this file needs the standard library alone: the doctor looks for a display where nothing is installed.
"""

import os
import subprocess
import sys


def check_render_mode(render_mode, metadata):
    if render_mode not in (None, *metadata["render_modes"]):
        raise ValueError(f"render_mode must be None or one of {metadata['render_modes']}; got {render_mode!r}")


class Seen:
    """What a world inherits, before ``gymnasium.Env``, to be seen: its ``_picture()``, [H, W, 3] uint8.

    ``render_mode`` is "human" (a window, which ``close`` closes), "rgb_array" (the picture) or None (nothing).
    """

    _window = None

    def render(self):
        """The picture ("rgb_array"), or a window ("human")."""
        if self.render_mode == "human":
            self._window = self._window or Window(type(self).__name__, self.metadata["render_fps"])
            self._window.show(self._picture())
        return self._picture() if self.render_mode == "rgb_array" else None

    def close(self):
        if self._window:
            self._window.close()
            self._window = None


class Window:
    """A window that shows frames [H, W, 3] uint8 at a steady rate; it needs a display."""

    def __init__(self, title, fps):
        import pygame  # here, so that nothing but a window needs it

        self.pygame, self.fps = pygame, fps
        pygame.display.init()
        pygame.display.set_caption(title)
        self.clock, self.surface = pygame.time.Clock(), None

    def show(self, frame):
        """Show one frame, as many times larger as fits into 512 pixels, and wait until the next is due."""
        height, width = frame.shape[:2]
        scale = max(1, 512 // max(height, width))
        size = (width * scale, height * scale)
        self.surface = self.surface or self.pygame.display.set_mode(size)
        self.pygame.event.pump()
        picture = self.pygame.surfarray.make_surface(frame.swapaxes(0, 1))
        self.surface.blit(self.pygame.transform.scale(picture, size), (0, 0))
        self.pygame.display.flip()
        self.clock.tick(self.fps)

    def close(self):
        self.pygame.display.quit()


def play_in_window(shots, title, tick=40):
    """Play shots (milliseconds, draw) in a window, each for a whole number of ticks of ``tick`` milliseconds.

    Returns:
        False if the reader closed the window (or pressed Esc), else True.

    Raises:
        pygame.error: no window can be opened.
    """
    import pygame

    window = Window(title, 1000 / tick)
    try:
        for milliseconds, draw in shots:
            frame = draw()
            for _ in range(milliseconds // tick):
                window.show(frame)
                for event in pygame.event.get():
                    if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                        return False
    finally:
        window.close()
    return True


def display_driver():
    """The name of what would show a window, or "". Asked in another process, for a broken display can hang."""
    if sys.platform.startswith("linux"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return ""  # SDL would take the console itself, or draw where nobody sees it
    elif os.environ.get("SSH_CONNECTION"):
        return ""  # the window would open on the other computer
    script = "import pygame; pygame.display.init(); print(pygame.display.get_driver())"
    driver = output_of([sys.executable, "-c", script]).rpartition("\n")[2]
    return driver if driver in ("x11", "wayland", "windows", "cocoa") else ""


def output_of(command):
    """What a command prints, or "" if it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
