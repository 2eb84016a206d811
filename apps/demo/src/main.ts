console.log('apps/demo: not built yet');
