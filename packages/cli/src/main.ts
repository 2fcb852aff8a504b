console.log('likeness');
