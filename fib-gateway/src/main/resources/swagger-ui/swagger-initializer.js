window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: '../v3/api-docs',
    dom_id: '#swagger-ui',
    validatorUrl: '', // or it asks a site elsewhere
    presets: [SwaggerUIBundle.presets.apis],
  });
};
