"""What is done about an answer: tasks, such as a call that a customer asked for."""
