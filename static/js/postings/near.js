// @ts-check
// Takes the place from the phone, to a kilometre, and goes to the board with it.
const button = /** @type {HTMLButtonElement} */ (document.getElementById("locate"));
const failed = /** @type {HTMLElement} */ (document.getElementById("locate-failed"));

if (navigator.geolocation && button.parentElement) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    failed.hidden = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const near = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
        const board = new URL(button.dataset.board ?? "", location.href);
        board.searchParams.set("near", near);
        location.assign(board);
      },
      () => {
        button.disabled = false;
        failed.hidden = false;
      },
      { maximumAge: 600_000, timeout: 15_000 },
    );
  });
}
