// @ts-check
// Makes a picture as small as a page needs it before it is sent. Without a script it goes as it is.
const input = /** @type {HTMLInputElement} */ (document.getElementById("picture"));
/** The longer side, in pixels: the width of a large phone in its own pixels. */
const LONGEST = 1600;
const QUALITY = 0.82;

/** @param {File} file @returns {Promise<File | undefined>} a smaller one, if there is one */
async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return undefined;
  // What is transparent is white on paper.
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return blob && blob.size < file.size ? new File([blob], "picture.jpg", { type: "image/jpeg" }) : undefined;
}

// Before the check of its size, which is for what is sent.
input.addEventListener("change", async (event) => {
  const file = input.files?.[0];
  if (!file || event.isTrusted === false) return;
  event.stopImmediatePropagation();
  try {
    const made = await smaller(file);
    if (made) {
      const files = new DataTransfer();
      files.items.add(made);
      input.files = files.files;
    }
  } catch {
    // No picture, or none that this browser knows: the server says so.
  }
  input.dispatchEvent(new Event("change", { bubbles: true }));
}, { capture: true });
