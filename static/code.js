// Sends a form with a code of digits as soon as it is complete, typed or pasted.
document.querySelectorAll("form[data-digits]").forEach((form) => {
  form.elements.code.addEventListener("input", (event) => {
    const digits = event.target.value.replace(/[\s-]/g, "");
    if (digits.length === Number(form.dataset.digits) && /^\d+$/.test(digits) && !form.sent) {
      form.sent = true;
      form.requestSubmit();
    }
  });
});
