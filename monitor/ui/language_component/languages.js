/* EN FR HT in the header (monitor/ui/languages.py), and the language of the document for screen readers and hyphenation. */

/** Called by Streamlit at the first appearance and after each change of what Python sends. */
export default function ({ parentElement, data, setTriggerValue }) {
  const { current, label, languages } = data;
  document.documentElement.lang = current;
  const nav = document.createElement("nav");
  nav.className = "language-choice";
  nav.setAttribute("aria-label", label);
  for (const [code, name] of Object.entries(languages)) {
    const link = document.createElement("a");
    link.textContent = code.toUpperCase();
    link.title = name;
    link.lang = code;
    link.hreflang = code;
    link.setAttribute("aria-label", `${code.toUpperCase()}: ${name}`);
    if (code === current) link.setAttribute("aria-current", "true");
    link.href = addressIn(code);
    // The address changes while the reader works: it is made anew when the link is about to be followed or copied.
    for (const event of ["pointerenter", "focus"]) link.addEventListener(event, () => (link.href = addressIn(code)));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (code !== current) setTriggerValue("chosen", code);
    });
    nav.append(link);
  }
  // Streamlit's style element lies in the same parent.
  const before = parentElement.querySelector(".language-choice");
  const hadFocus = before?.contains(document.activeElement);
  before?.remove();
  parentElement.append(nav);
  if (hadFocus) nav.querySelector("[aria-current]").focus();
}

function addressIn(code) {
  const address = new URL(window.location.href);
  address.searchParams.set("lang", code);
  return address.href;
}
