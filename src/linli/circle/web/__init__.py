"""Pages of the service circle: catalogue, facilities, matrices, planner, surveys, circles, records."""
