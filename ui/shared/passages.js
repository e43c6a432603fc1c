// The way to Python for clicks on passages, which clicks.js hears.
export default function ({ setTriggerValue, data }) {
  const clicks = (window.ranklensClicks ??= { report: null, waiting: null });
  clicks.report = setTriggerValue;
  if (data?.seen && data.seen === clicks.waiting) clicks.waiting = null;
  clicks.send?.();
  return () => {
    if (clicks.report === setTriggerValue) clicks.report = null;
  };
}
