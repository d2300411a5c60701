// Figures leave as PNG: the SVG that the server wrote is drawn on a canvas at twice its size. Words come from the page.

const SCALE = 2;

async function drawn(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const text = await answer.text();
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const width = Number(root.getAttribute("width")), height = Number(root.getAttribute("height"));
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas"), edge = 16;
    canvas.width = (width + 2 * edge) * SCALE;
    canvas.height = (height + 2 * edge) * SCALE;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, edge * SCALE, edge * SCALE, width * SCALE, height * SCALE);
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

function saved(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.setAttribute("aria-busy", "true");
    try {
      saved(await drawn(button.dataset.png), button.dataset.name);
    } catch {
      const said = document.createElement("span");
      said.className = "hint";
      said.setAttribute("role", "alert");
      said.textContent = button.dataset.failed;
      button.after(said);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
