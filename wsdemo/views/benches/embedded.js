// A frame with a page of the kernel's machine: directly, or through the notebook's own server.

const HERE = ["localhost", "127.0.0.1", "[::1]"];

export function address(location, port, base) {
  const near = HERE.includes(location.hostname) && location.protocol === "http:";
  return near
    ? { url: `http://${location.hostname}:${port}/`, way: "directly, from this machine" }
    : { url: new URL(`${base}proxy/${port}/`, location).href, way: "through jupyter-server-proxy, from the notebook’s server" };
}

function base() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl;
  } catch {
    return "/";
  }
}

function render({ model, el }) {
  const { url, way } = address(location, model.get("port"), base());
  const style = document.createElement("style");
  const line = document.createElement("p");
  const link = document.createElement("a");
  const frame = document.createElement("iframe");
  style.textContent = model.get("hide");
  link.href = frame.src = url;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = url;
  line.append(link, ` · ${way}`);
  frame.title = model.get("title");
  frame.style.cssText = `box-sizing:border-box;width:100%;height:${model.get("height")}px;border:1px solid #888;border-radius:6px;background:Canvas`;
  el.append(style, line, frame);
}

export default { render };
