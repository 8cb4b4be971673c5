/* What all components need from the page: elements, and contents that Python publishes under addresses. */

const site = new URL("../../", document.querySelector('script[src*="static/js/index."]').src);
const contents = new Map();

/** Read what Python sent with a component. */
export function messageOf(component) {
  return JSON.parse(new TextDecoder().decode(component.data));
}

export function urlOf(address) {
  return new URL(address, site);
}

/** Return the content behind an address, fetched and parsed once and therefore not to be changed. */
export function contentOf(address) {
  if (!contents.has(address)) {
    const content = fetch(urlOf(address)).then((answer) => {
      if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
      return answer.json();
    });
    content.catch(() => contents.delete(address));
    contents.set(address, content);
  }
  return contents.get(address);
}

export function element(name, className = "", parent = null) {
  const made = document.createElement(name);
  if (className) made.className = className;
  parent?.append(made);
  return made;
}
